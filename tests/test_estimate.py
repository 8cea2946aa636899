"""The estimate before a run: what is known, what is a bound, what is unknown; never a guess."""

import pytest
from tests.metering import BARE, MODELS, metered

from evalkit.forecast import Part, forecast

DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "paid"\nlimit = 3\n'


def dry(lab, *args):
    """What a dry run prints; it must leave nothing behind but the output folder."""
    before = lab.jobs(), lab.runs()
    result = lab.run("--dry-run", *args)
    assert result.exit_code == 0, result.output
    assert (lab.jobs(), lab.runs()) == before
    return result.stdout.splitlines()


class TestForecast:
    PART = Part(
        model="a", calls=10, prompt_tokens=1200, answer_tokens=400, seconds=30.0, priced=True,
        cost=0.0123,
    )  # fmt: skip

    def test_sums_of_each_model_and_of_all(self):
        other = Part(model="b", calls=5, prompt_tokens=100, answer_tokens=50, seconds=6000.0)
        assert forecast([self.PART, self.PART, other], "EUR") == [
            "estimate of what is left to do:",
            "  a: at most 20 calls, about 2,400 prompt tokens, at most 800 answer tokens, "
            "at most about EUR 0.025, about 60 s",
            "  b: at most 5 calls, about 100 prompt tokens, at most 50 answer tokens, about 1.7 h",
            "  in all: at most 25 calls, about 2,500 prompt tokens, at most 850 answer tokens, "
            "at most about EUR 0.025, about 1.7 h",
        ]

    def test_what_is_unknown_is_said_with_its_reason_and_never_counted_as_nothing(self):
        unknown = Part(model="a", priced=True, unknown="adapt x: it decides what it asks")
        assert forecast([unknown], "USD") == [
            "estimate of what is left to do:",
            "  a: unknown calls, unknown prompt tokens, unknown answer tokens, USD unknown, "
            "time unknown",
            "  unknown: adapt x: it decides what it asks",
        ]
        (_, both, _) = forecast([self.PART, unknown], "USD")
        assert both.count("and an unknown rest") == 5

    def test_nothing_to_ask(self):
        assert forecast([], None) == ["estimate: no model is going to be asked"]


class TestDryRun:
    def test_it_counts_and_asks_nobody(self, lab):
        metered(lab)
        head, line = dry(lab)
        assert head == "estimate of what is left to do:"
        # 4 inputs as "ball 0 of the test is red", an instruction; 4 answers of 128 tokens
        calls, prompt, answers, cost, time = line.split(": ")[1].split(", ")
        assert calls == "at most 4 calls"
        assert answers == "at most 512 answer tokens"
        tokens = int(prompt.removeprefix("about ").removesuffix(" prompt tokens"))
        assert 4 * 26 / 4 <= tokens <= 4 * 200 / 4
        assert cost == f"at most about USD {(tokens + 5120) / 1e6:.2g}"
        assert time == "time unknown"

    def test_not_even_for_a_sign_of_life(self, lab):
        metered(lab, models=MODELS + "silent = true\n")
        dry(lab)
        assert lab.run().exit_code == 2

    def test_faults_show_all_the_same(self, lab):
        lab.suite(models='[[models]]\nname = "gone"\nengine = "fake"\nmissing = true\n')
        assert lab.run("--dry-run").exit_code == 2

    def test_time_is_known_once_the_model_has_answered(self, lab):
        metered(lab)
        lab.run()
        metered(lab, task='[task]\nuse = "fake-task"\ntest = 6\n')
        assert dry(lab)[1].rpartition(", ")[2] == "about 0 s"

    def test_what_is_finished_is_not_counted(self, lab):
        metered(lab)
        lab.run()
        assert dry(lab) == ["estimate: no model is going to be asked"]

    def test_demos_count_where_the_method_can_tell_them(self, lab):
        adapters = '[[adapters]]\nuse = "fake-adapter"\nk = {}\n'
        counts = []
        for k in (0, 8):
            metered(lab, adapters=adapters.format(k))
            text = dry(lab)[1].split(", ")[1]
            counts.append(int(text.removeprefix("about ").removesuffix(" prompt tokens")))
        assert counts[1] > counts[0] + 4 * 8 * 26 / 4

    def test_a_method_that_asks_while_it_adapts_decides_itself(self, lab):
        metered(lab, adapters='[[adapters]]\nuse = "fake-adapter"\nask = 2\n')
        _, line, *unknown = dry(lab)
        assert "unknown prompt tokens" in line
        assert unknown == [
            "  unknown: adapt fake-adapter: the method decides what it asks",
            "  unknown: predict fake-adapter: its prompt, until the model is adapted",
        ]

    def test_several_steps_bound_the_calls_but_not_the_prompts(self, lab):
        metered(lab, adapters='[[adapters]]\nuse = "fake-bare"\nsteps = 3\n')
        _, line, unknown = dry(lab)
        assert "at most 12 calls, unknown prompt tokens, at most 1,536 answer tokens" in line
        assert unknown == "  unknown: predict fake-bare: later prompts hold earlier answers"

    def test_a_judge_is_counted_by_its_pairings(self, lab):
        adapters = '[[adapters]]\nuse = "fake-bare"\nsteps = [1, 2, 3]\n'
        models = MODELS.replace("paid", "own") + PARROT
        metered(lab, models=models, adapters=adapters + 'models = ["own"]\n', more=DUEL)
        judge = next(line for line in dry(lab) if line.startswith("  paid: "))
        assert judge.startswith("  paid: at most 9 calls, unknown prompt tokens")

    def test_training_takes_as_long_as_it_takes(self, lab):
        lab.write(
            "evalkit_plugins.py",
            "from evalkit import AdaptedModel, Adapter, Entry, Prompt, hookimpl\n"
            "class Tuned(Adapter):\n"
            "    def adapt(self, context): return AdaptedModel(prompt=Prompt(instruction='i'))\n"
            "@hookimpl\ndef evalkit_adapters():\n"
            "    needs = frozenset({'files'})\n"
            "    target = 'evalkit_plugins:Tuned'\n"
            "    return [Entry(name='tuned', target=target, requires=needs)]\n",
        )
        models = '[[models]]\nname = "m"\nengine = "fake"\nabilities = ["generate", "files"]\n'
        lab.suite(models=models, adapters='[[adapters]]\nuse = "tuned"\n')
        _, line, *unknown = dry(lab)
        assert "at most 4 calls, unknown prompt tokens, at most 512 answer tokens" in line
        assert unknown[0] == "  unknown: adapt tuned: how long training takes"


class TestBeforeARun:
    def test_it_is_shown_where_answers_are_paid_for(self, lab):
        metered(lab)
        assert "estimate of what is left to do:" in lab.run().stderr
        assert "estimate" not in lab.run().stderr  # nothing is left to pay for

    def test_elsewhere_it_is_shown_on_demand(self, lab):
        lab.suite(adapters=BARE)
        assert "estimate" not in lab.run("--fresh").stderr
        assert "  parrot: at most 4 calls" in lab.run("--fresh", "-v").stderr
        assert "estimate" not in lab.run("--fresh", "-v", "-q").stderr

    @pytest.mark.parametrize("broken", ["preview", "program"])
    def test_a_method_that_cannot_tell_ends_no_run(self, lab, broken):
        metered(lab, adapters='[[adapters]]\nuse = "odd"\n')
        code = (lab.path / "evalkit_plugins.py").read_text()
        code += (
            "\nfrom evalkit import AdaptedModel, Adapter, Prompt\n"
            "class Odd(Adapter):\n"
            "    def adapt(self, context): return AdaptedModel(prompt=Prompt(instruction='i'))\n"
            "    def preview(self, context): return self.adapt(context)\n"
            f"def odd(self, *args): raise RuntimeError('{broken}')\n"
            f"Odd.{broken} = odd\n"
            "@hookimpl\ndef evalkit_adapters():\n"
            "    return [Entry(name='odd', target='evalkit_plugins:Odd')]\n"
        )
        lab.write("evalkit_plugins.py", code)
        _, line, *_ = dry(lab)
        assert "unknown prompt tokens" in line


PARROT = '[[models]]\nname = "paid"\nengine = "fake"\n'
