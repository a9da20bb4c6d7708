"""What every table shares: the naming of constraints and the columns that recur."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import DateTime, MetaData, func
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Base(DeclarativeBase):
    """The declarative base; its metadata describes the schema that the migrations build."""

    metadata = MetaData(naming_convention=NAMING)


def stored_by_value(choices: type[StrEnum]) -> list[str]:
    """For `Enum(values_callable=…)`: PostgreSQL's labels are the values, not the names."""
    return [choice.value for choice in choices]


IntKey = Annotated[int, mapped_column(primary_key=True)]
Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
