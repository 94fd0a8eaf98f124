"""What tests of providers share."""

import pytest


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> float:
    """Seconds an adapter waits: hardly any where the sink hangs, else as many as a busy machine takes."""
    params = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return 1.0 if "hang" in params.get("fault", "") else 20.0
