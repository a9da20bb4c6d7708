"""What is read out of the driver's exceptions when there is little to read."""

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core.db.failures import sqlstate, violated


def test_a_failure_that_nobody_named_has_no_sqlstate():
    assert sqlstate(DBAPIError("SELECT 1", None, Exception("gone"))) == ""


def test_a_failure_without_a_constraint_names_none():
    assert violated(IntegrityError("INSERT", None, Exception("no"))) is None
