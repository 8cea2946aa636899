"""What every engine promises: same requests, same meaning, whatever computes the answer."""

from evalkit.testing.contracts.engine.choosing import Choosing
from evalkit.testing.contracts.engine.closing import Closing
from evalkit.testing.contracts.engine.counting import Counting
from evalkit.testing.contracts.engine.following import Following
from evalkit.testing.contracts.engine.generating import Generating
from evalkit.testing.contracts.engine.journalling import Journalling
from evalkit.testing.contracts.engine.limits import Limits
from evalkit.testing.contracts.engine.sampling import Sampling
from evalkit.testing.contracts.engine.serving import Serving
from evalkit.testing.contracts.engine.stopping import Stopping
from evalkit.testing.contracts.engine.weights import Weights


class EngineContract(
    Closing,
    Serving,
    Journalling,
    Weights,
    Choosing,
    Following,
    Sampling,
    Counting,
    Stopping,
    Limits,
    Generating,
):
    """Subclass it, and say how the engine is made. It is made once for all tests.

    An engine that tests of several classes share is given by overriding the fixture
    ``engine``. A model with unusual answers may need other ``prompts``. The last of the tests
    closes the engine, and asks it once more.
    """
