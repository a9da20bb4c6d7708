"""The shop against a model of itself."""

import pytest

# So that a step that goes wrong shows both pictures and where they differ, as in a test module.
pytest.register_assert_rewrite("tests.stateful.machine")
