"""The job that lets an adapter teach a model the task."""

from pathlib import Path

from evalkit.contexts import AdaptationContext, Services
from evalkit.errors import AdaptationError
from evalkit.interfaces import Event
from evalkit.jobs.files import ADAPTED, Tell
from evalkit.predict import Answering
from evalkit.records import AdaptedModel
from evalkit.serialization import (
    adapted_to_json,
    plain,
    pretty,
    resolved_from_json,
    usage_to_json,
)
from evalkit.store import Store, file_sha256
from evalkit.workshop import Spec, Workshop


def adapt(shop: Workshop, spec: Spec, folder: Path, on_event: Tell) -> Event:
    """Adapt, and write the AdaptedModel."""

    def answering(name: str) -> Answering:
        if name == spec["model"] and "engine" not in spec["requires"]:
            raise AdaptationError(
                f'the adapter "{spec["adapter"]["use"]}" asks the model, which it did not declare',
                'its Entry needs requires={"engine"}: without it, identities miss the model',
            )
        return shop.answering(spec["models"][name])

    services = Services(
        answering=answering,
        resolved=lambda name: resolved_from_json(spec["models"][name]["resolved"]),
        metric=shop.metric,
        progress=lambda done, total, note: on_event({"done": done, "total": total, "note": note}),
        stopping=lambda: shop.stopping,
        checkpoints=Store(Path(spec["root"])).checkpoints("adapt", spec["id"]),
    )
    context = AdaptationContext(
        shop.task(spec),
        shop.train(spec),
        model=resolved_from_json(spec["models"][spec["model"]]["resolved"]),
        seed=spec["seed"] if "seed" in spec["requires"] else 0,  # else identities miss it
        folder=folder,
        services=services,
    )
    adapted = shop.adapter(spec).adapt(context)
    if not isinstance(adapted, AdaptedModel):
        raise AdaptationError(
            f'the adapter "{spec["adapter"]["use"]}" returned {type(adapted).__name__}',
            "an adapter returns an evalkit.AdaptedModel: report this to its authors",
        )
    (folder / ADAPTED).write_text(pretty(adapted_to_json(adapted, folder)), encoding="utf-8")
    return {
        "usage": usage_to_json(services.usage),
        "usage_by_model": {
            spec["models"][name]["identity"]: usage_to_json(used)
            for name, used in services.usages.items()
        },
        "report": plain(adapted.report),
        "content": file_sha256(folder / ADAPTED),
    }
