"""The countries of the world in groups, for whoever ticks them."""

from collections.abc import Iterable
from functools import cache

from babel import Locale

from app.delivery.rules import EUROPEAN_UNION

UNION = "European Union"
GROUPS = {
    UNION: " ".join(EUROPEAN_UNION),
    "Rest of Europe": "AD AL AX BA BY CH FO GB GG GI IM IS JE LI MC MD ME MK NO RS RU SJ SM UA VA XK",
    "North America": "BM CA GL MX PM US",
    "Central America and the Caribbean": (
        "AG AI AW BB BL BQ BS BZ CR CU CW DM DO GD GP GT HN HT JM KN KY LC MF MQ MS NI PA PR SV SX TC TT VC VG VI"
    ),
    "South America": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
    "Asia": (
        "AE AF AM AZ BD BH BN BT CN GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK "
        "PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE"
    ),
    "Africa": (
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA "
        "NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW"
    ),
    "Oceania": "AS AU CC CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV VU WF WS",
    "Elsewhere": "AQ BV GS HM IO TF UM",
}
KNOWN = frozenset(code for codes in GROUPS.values() for code in codes.split())


@cache
def country_name(code: str) -> str:
    """In English; the code itself where there is no name."""
    return str(Locale("en").territories.get(code, code))


def by_name(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of code and name."""
    return sorted(((code, country_name(code)) for code in codes), key=lambda pair: pair[1])


@cache
def grouped() -> list[tuple[str, list[tuple[str, str]]]]:
    """All groups with their countries by name."""
    return [(group, by_name(codes.split())) for group, codes in GROUPS.items()]


@cache
def choices() -> list[tuple[str, str]]:
    """All countries by name."""
    return by_name(KNOWN)


def ticked_with(countries: Iterable[str], group: str) -> list[str]:
    """These countries and those of the group."""
    return [*countries, *GROUPS.get(group, "").split()]
