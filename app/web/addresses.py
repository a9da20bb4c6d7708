"""Addresses in forms: the fields that a country has, under names with a prefix, and how they are read.

A page holds `AddressFields`, which its template shows with `address_fields` (templates/address.html). The fields are
those of the country that the form was made for, which `{prefix}fields_of` holds. Once another one is chosen, the form
is shown anew: by a script (`/address-form`), or by the button that it has without scripts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from babel import Locale
from fastapi import APIRouter, Depends, Query, Request, Response

from app.addresses.countries import AddressField
from app.addresses.errors import AddressInvalid
from app.addresses.rules import AddressForm, Country, check, countries, form_of
from app.addresses.schemas import Address
from app.core.parts import SETTINGS
from app.shop.deps import CurrentShop
from app.web.forms import Form
from app.web.page import PageContext, render
from app.web.route import PageRoute

router = APIRouter(include_in_schema=False, route_class=PageRoute)
CHANGE = "change_country"
OTHER_FIELDS = "These are the fields of this country. Please look at them, then send the form again."

Group = Literal["", "shipping", "billing"]
# Of WHATWG's autofill fields; what has none is not filled in by browsers.
_TOKENS = {
    "country": "country",
    "name": "name",
    "company": "organization",
    "street": "street-address",
    "district": "address-level3",
    "city": "address-level2",
    "region": "address-level1",
    "postal_code": "postal-code",
    "phone": "tel",
}


@dataclass(frozen=True, slots=True)
class AddressFields:
    """The fields as a form shows them: `saved` fills them, `country` is that of an empty form.

    `prefix` stands before their names. `group` tells browsers which address they fill in where a form has several.
    """

    form: Form
    country: str
    saved: Address | None = None
    prefix: str = ""
    group: Group = ""
    needs_name: bool = True

    @property
    def layout(self) -> AddressForm:
        """Of the chosen country, else of the saved address, else of `country`."""
        chosen = self.form.get(f"{self.prefix}country")
        if is_country(chosen):
            return form_of(chosen)
        return form_of(self.saved.country if self.saved and is_country(self.saved.country) else self.country)

    @property
    def countries(self) -> Sequence[Country]:
        return countries()

    @property
    def labels(self) -> Mapping[str, str]:
        """What the fields are called, by their names in the form: for the list of what is wrong."""
        named = {self.prefix + field.name: field.label for field in self.layout.fields}
        return {f"{self.prefix}country": "Country"} | named

    def value(self, name: str) -> str:
        """What is saved in that field."""
        return getattr(self.saved, name, None) or ""

    def attributes(self, field: AddressField | None) -> Mapping[str, str]:
        """What the element says to browsers and keyboards; None is the country."""
        token = _TOKENS.get(field.name if field else "country")
        found = {"autocomplete": f"{self.group} {token}".strip() if token else "off"}
        if field is None or field.choices:
            return found
        found["maxlength"] = str(field.max_length)
        if field.name == "postal_code":
            found |= {"inputmode": "numeric"} if (field.example or "").isdigit() else {"autocapitalize": "characters"}
        return found


@dataclass(frozen=True, slots=True)
class FieldsPage(PageContext):
    """The fields of an address alone, for a form that stands there already."""

    template: ClassVar[str] = "address_form.html"
    address: AddressFields


async def get_home_country(request: Request, shop: CurrentShop) -> str:
    """The country that an empty form begins with: where the shop stands, else that of its locale."""
    named = (shop.selling.home_country, Locale.parse(SETTINGS.of(request).shop_locale).territory)
    return next((code for code in named if code and is_country(code)), "US")


HomeCountry = Annotated[str, Depends(get_home_country)]


@router.get("/address-form")
async def show_fields(
    request: Request,
    home: HomeCountry,
    country: Annotated[str, Query(max_length=2)] = "",
    prefix: Annotated[str, Query(pattern="^[a-z_]{0,20}$")] = "",
    group: Group = "",
    needs_name: bool = True,
) -> Response:
    """The fields of that country, empty."""
    form = Form({f"{prefix}country": country})
    fields = AddressFields(form, home, prefix=prefix, group=group, needs_name=needs_name)
    return render(request, FieldsPage(fields))


def is_country(code: str) -> bool:
    """Whether addresses may be in it."""
    try:
        form_of(code)
    except KeyError:
        return False
    return True


def changes_country(form: Form, prefix: str) -> bool:
    """Whether the form is to be shown with the fields of another country before it is read.

    Who sends it with fields of another country than the chosen one is told by a message beside the country.
    """
    name = f"{prefix}country"
    if form.get(CHANGE) == f"{prefix}address":
        return True
    if not is_country(form.get(name)) or form.get(f"{prefix}fields_of") in {"", form.get(name)}:
        return False
    form.errors[name] = OTHER_FIELDS
    return True


def address_of(form: Form, prefix: str, *, needs_name: bool = True) -> Address | None:
    """The address that was filled in, as it is stored; None where it is not right, and the form's errors say why.

    What the country has no field for is not read: browsers without scripts send what was typed for another one.
    """
    country = form.get(f"{prefix}country")
    names = {"country"} | {field.name for field in form_of(country).fields} if is_country(country) else {"country"}
    part = Form({name: form.values.get(f"{prefix}{name}", "") for name in names})
    address = part.parse(Address)
    if address is None:  # tell what the country says of the other fields as well
        address = Form({name: text for name, text in part.values.items() if name not in part.errors}).parse(Address)
    if address is not None:
        try:
            stored = check(address, needs_name=needs_name)
        except AddressInvalid as error:
            part.errors = error.errors | part.errors
        else:
            if not part.errors:
                return stored
    form.errors.update({f"{prefix}{name}": sentence for name, sentence in part.errors.items()})
    return None
