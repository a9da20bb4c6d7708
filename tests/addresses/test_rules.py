"""What addresses must be, in every country of the library's data."""

from typing import Any

import pytest
from hypothesis import example as with_example
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stdnum import get_cc_module

from app.addresses.countries import country_codes, rules_of
from app.addresses.errors import AddressInvalid
from app.addresses.rules import MISSING, check, countries, country_name, form_of, lines
from app.addresses.schemas import MAX_LENGTH, MAX_LENGTHS, Address
from tests.addresses.support import GERMAN, US, example

ALL = sorted(country_codes())


def wrong(address: dict[str, Any], **options: Any) -> dict[str, str]:
    with pytest.raises(AddressInvalid) as refused:
        check(Address(**address), **options)
    return refused.value.errors


def test_there_are_all_countries_with_names_of_their_own():
    assert len(ALL) > 245
    assert [country.code for country in countries()] != ALL
    assert {country.code for country in countries()} == set(ALL)
    assert len({country.name for country in countries()}) == len(ALL)
    assert [country.name for country in countries()][:3] == ["Afghanistan", "Åland Islands", "Albania"]
    assert (country_name("DE"), country_name("DE", "fr"), country_name("QQ")) == ("Germany", "Allemagne", "QQ")
    assert {"ZZ", "ALL"}.isdisjoint(ALL)


@pytest.mark.parametrize("country", ALL)
def test_an_example_of_each_country_is_right_and_without_a_required_field_it_is_wrong(country: str):
    """Seen to fail without the check of required fields, and with postal codes matched in part."""
    form, given = form_of(country), example(country)
    stored = check(Address(**given), needs_name=True)
    assert stored.given() == given
    shown = lines(stored)
    assert shown[0]
    assert shown[-1] == form.name
    assert all(shown)
    for line in given["street"].splitlines():
        assert any(line in row for row in shown)
    required = [field.name for field in form.fields if field.required]
    assert "street" in required
    for name in required:
        assert wrong({**given, name: "  "}) == {name: MISSING}, name
    if "postal_code" in given and form.field("postal_code"):
        assert set(wrong({**given, "postal_code": given["postal_code"] + "!"})) == {"postal_code"}


@pytest.mark.parametrize("country", ALL)
def test_what_is_stored_is_stored_so_again(country: str):
    stored = check(Address(**example(country)))
    assert check(Address(**stored.given())) == stored


@pytest.mark.parametrize(
    "country", [code for code in ALL if (field := form_of(code).field("region")) and field.choices]
)
def test_a_region_is_found_by_its_code_and_by_each_of_its_names(country: str):
    rules, given = rules_of(country), example(country)
    field = form_of(country).field("region")
    assert field
    for choice in field.choices:
        names = (choice.code, choice.name, rules.local_names.get(choice.code), rules.latin_names.get(choice.code))
        for name in filter(None, names):
            assert check(Address(**{**given, "region": name})).region == choice.code, name
    unknown = {**given, "region": "Nowhere at all"}
    if field.required:
        assert set(wrong(unknown)) == {"region"}
    else:
        assert check(Address(**unknown)).region == "Nowhere at all"


@pytest.mark.parametrize(
    ("country", "region", "code"),
    [
        *(("US", "california", "CA"), ("US", " new  york ", "NY"), ("CA", "Quebec", "QC"), ("JP", "Tokyo", "東京都")),
        *(("JP", "JP-13", "東京都"), ("IT", "milano", "MI"), ("ES", "ávila", "AV"), ("BR", "sao paulo", "SP")),
    ],
)
def test_regions_are_known_by_the_names_that_people_give_them(country: str, region: str, code: str):
    assert check(Address(**{**example(country), "region": region})).region == code


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        *(
            ("GB", "sw1a 1aa", "SW1A 1AA"),
            ("NL", "1234ab", "1234AB"),
            ("CH", "CH-8001", "8001"),
            ("FI", "FI-00550", "00550"),
        ),
        *(("DE", "D-80331", "80331"), ("JP", "１００－０００１", "100-0001"), ("EG", "١٢٤١١", "12411")),
        *(("US", "94043-1351", "94043-1351"), ("PL", "00–950", "00-950"), ("LU", "l-4750", "4750")),
    ],
)
def test_postal_codes_are_read_as_people_type_them(country: str, typed: str, stored: str):
    assert check(Address(**{**example(country), "postal_code": typed})).postal_code == stored


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "8033"),
        ("DE", "803311"),
        ("US", "9404"),
        ("US", "940430"),
        ("GB", "12345"),
        ("CA", "K1A"),
        ("DE", "80331x"),
    ],
)
def test_postal_codes_of_no_such_kind_are_refused(country: str, typed: str):
    assert set(wrong({**example(country), "postal_code": typed})) == {"postal_code"}


def test_all_that_is_wrong_is_told_in_the_words_of_the_country():
    with pytest.raises(AddressInvalid) as refused:
        check(Address(country="US", city="x", postal_code="1", phone="x"), needs_name=True, within="ship_to")
    error = refused.value
    assert error.data == [
        {"field": "ship_to.name", "message": MISSING},
        {"field": "ship_to.street", "message": MISSING},
        {"field": "ship_to.region", "message": MISSING},
        {"field": "ship_to.postal_code", "message": "Please enter one like 95014."},
        {"field": "ship_to.phone", "message": "Please enter a phone number."},
    ]
    assert error.members() == {"fields": error.data}
    assert (error.field, error.detail) == ("ship_to.name", f"Name: {MISSING}")
    assert wrong({"country": "XX"}) == {"country": "Please choose a country."}


def test_a_name_or_a_company_is_asked_for_where_it_is_needed():
    nobody = {name: value for name, value in GERMAN.items() if name != "name"}
    assert check(Address(**nobody)).name is None
    assert wrong(nobody, needs_name=True) == {"name": MISSING}
    assert check(Address(**nobody, company="SAP SE"), needs_name=True).company == "SAP SE"


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        *(
            ("DE", "DE 136,695 976", "DE136695976"),
            ("DE", "136695976", "DE136695976"),
            ("AT", "ATU13585627", "ATU13585627"),
        ),
        *(
            ("GR", "EL 094259216", "EL094259216"),
            ("GR", "094259216", "EL094259216"),
            ("FR", "FR40303265045", "FR40303265045"),
        ),
        *(("DE", "NL4495445B01", "NL004495445B01"), ("GB", "GB 980 7806 84", "980780684")),
        *(("CH", "CHE-107.787.577 MWST", "CHE107787577MWST"), ("US", "12-3456789", "12-3456789")),
    ],
)
def test_vat_numbers_are_checked_as_their_country_does(country: str, typed: str, stored: str):
    assert check(Address(**example(country), company="ACME", vat_id=typed)).vat_id == stored


@pytest.mark.parametrize(
    ("country", "typed"), [("DE", "DE136695977"), ("DE", "x"), ("GR", "EL094259217"), ("GB", "1"), ("DE", "１３６")]
)
def test_vat_numbers_that_are_none_are_refused(country: str, typed: str):
    assert set(wrong({**example(country), "company": "ACME", "vat_id": typed})) == {"vat_id"}


def test_a_vat_number_needs_its_company():
    assert set(wrong({**GERMAN, "vat_id": "DE136695976"})) == {"vat_id"}


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=20)


@given(st.sampled_from(ALL), TEXTS, TEXTS, TEXTS)
@with_example("IN", "²", "²", "²")
@with_example("SS", "ß" * 20, "ﷺ" * 20, "٣" * 20)
def test_whatever_is_typed_is_stored_within_bounds_or_refused(country: str, postal: str, region: str, vat: str):
    """Nothing but AddressInvalid is raised, and what is stored reads back as the same address."""
    address = Address(
        **example(country) | {"postal_code": postal, "region": region, "vat_id": vat, "company": "ACME"}
    )
    try:
        stored = check(address)
    except AddressInvalid:
        return
    assert Address(**stored.given()) == stored
    assert lines(stored)[-1] == country_name(country)


def test_the_modules_of_tax_numbers_that_the_data_names_are_there():
    assert sum(get_cc_module(code.lower(), "vat") is not None for code in ALL) > 60


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (US, ["Ada Lovelace", "1600 Amphitheatre Parkway", "Mountain View, CA 94043", "United States"]),
        ({**GERMAN, "company": "SAP"}, ["Änne Groß", "SAP", "Marienplatz 1", "80331 München", "Germany"]),
        (
            {
                "country": "JP",
                "name": "山田太郎",
                "street": "千代田1-1",
                "region": "東京都",
                "postal_code": "100-0001",
            },
            ["〒100-0001", "東京都", "千代田1-1", "山田太郎", "Japan"],
        ),
        (
            {"country": "JP", "name": "Taro", "street": "1-1 Chiyoda", "region": "東京都", "postal_code": "100-0001"},
            ["Taro", "1-1 Chiyoda, Tokyo", "100-0001", "Japan"],
        ),
        (
            {"country": "ES", "street": "Calle Mayor 1", "city": "Getafe", "region": "M", "postal_code": "28901"},
            ["Calle Mayor 1", "28901 Getafe Madrid", "Spain"],
        ),
        (
            {"country": "GB", "street": "1 Lane", "district": "Ham", "city": "Bath", "postal_code": "BA1 1AA"},
            ["1 Lane", "Ham", "Bath", "BA1 1AA", "United Kingdom"],
        ),
        ({"country": "CH", "street": "Weg 1", "city": "Bern"}, ["Weg 1", "Bern", "Switzerland"]),
        ({"country": "US", "street": "1\n2\n3", "region": "CA"}, ["1", "2", "3", "CA", "United States"]),
        ({"country": "QQ", "name": "A", "street": "1", "city": "B"}, ["A", "1", "B", "QQ"]),
        ({"country": "DE"}, ["Germany"]),
    ],
)
def test_lines_are_those_of_a_parcel(address: dict[str, str], shown: list[str]):
    """What stands between two fields goes with them: no comma without a city, no `CH-` without a code."""
    assert lines(Address(**address)) == shown


def test_blanks_go_and_empty_is_none():
    address = Address(country=" us ", name="  Ada \t", street=" 1 \r\n\n  2   b\r3 ", city="", region=" ")
    assert address.given() == {"country": "US", "name": "Ada", "street": "1\n2 b\n3"}
    assert Address(country="IR", street="خیابان نیک\u200cبخت").street == "خیابان نیک\u200cبخت"


FIELDS = [name for name in Address.model_fields if name != "country"]


@pytest.mark.parametrize("name", FIELDS)
def test_fields_have_bounds(name: str):
    longest = MAX_LENGTHS.get(name, MAX_LENGTH)
    assert len(getattr(Address(country="US", **{name: "x" * longest}), name)) == longest
    assert len(getattr(Address(country="US", **{name: f"  {'x' * longest}  "}), name)) == longest
    with pytest.raises(ValidationError, match=f"at most {longest}"):
        Address(country="US", **{name: "x" * (longest + 1)})


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(
    "value",
    ["a\0b", "a\x1bb", "\ud800", "\u202ea", "a\u2066b", "\ufeffa", "a\u200bb", "a\u2028b", 1, True, [], {}],
)
def test_fields_hold_text_that_is_seen_and_nothing_else(name: str, value: Any):
    with pytest.raises(ValidationError):
        Address(country="US", **{name: value})


def test_a_street_has_three_lines_and_the_rest_has_one():
    with pytest.raises(ValidationError, match="at most 3 lines"):
        Address(country="US", street="1\n2\n3\n4")
    for name in set(FIELDS) - {"street"}:
        with pytest.raises(ValidationError, match="control characters"):
            Address(country="US", **{name: "1\n2"})


@pytest.mark.parametrize("country", ["", "U", "USA", "ß", "1A", "U\0", "ＵＳ", None, 1, ["US"]])
def test_a_country_is_a_code_of_two_letters(country: Any):
    with pytest.raises(ValidationError):
        Address(country=country)
