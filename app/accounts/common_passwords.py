"""The passwords that everybody tries first."""

import importlib.util
from functools import cache
from itertools import islice
from pathlib import Path

from app.accounts.errors import PasswordTooCommon

HOW_MANY = 3000
MIN_LENGTH = 8
OWN_ADDRESS = "This is your e-mail address, or the part before its @. Please choose something else."


def refuse_common(password: str, email: str, field: str) -> None:
    """Refuse what is guessed first; the password is given in its one spelling, the address as it is stored.

    Raises:
        PasswordTooCommon: one of the most common of all, or the account's own address, in any case.
    """
    plain = password.casefold()
    if plain in {email.casefold(), email.casefold().partition("@")[0]}:
        raise PasswordTooCommon(field, OWN_ADDRESS)
    if plain in _most_common():
        raise PasswordTooCommon(field)


@cache
def _most_common() -> frozenset[str]:
    """Those of at least MIN_LENGTH characters, in lower case, from the list of the package zxcvbn.

    The list is a file of Python that is read by itself: the package would also load a dictionary of English, and keep
    13 MB of it in every server process.
    """
    package = importlib.util.find_spec("zxcvbn")
    if package is None or package.origin is None:
        raise AssertionError("zxcvbn is among the dependencies")
    source = Path(package.origin).with_name("frequency_lists.py")
    spec = importlib.util.spec_from_file_location("_frequency_lists", source)
    if spec is None or spec.loader is None:
        raise AssertionError("a file of Python has a loader")
    lists = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lists)
    by_frequency = (password for password in lists.FREQUENCY_LISTS["passwords"] if len(password) >= MIN_LENGTH)
    return frozenset(islice(by_frequency, HOW_MANY))
