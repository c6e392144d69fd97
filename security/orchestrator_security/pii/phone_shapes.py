"""The shapes of phone numbers, of what stands around them, and of dates and codes that look like them."""

from __future__ import annotations

import re
from functools import cache

from orchestrator_security.pii.phone_words import DIRECTLY, GIVEN, LABEL


@cache
def date() -> re.Pattern[str]:
    """Days, with the year first or last."""
    return re.compile(
        r"(?<![0-9])(?<![0-9][-./])(?:(?:19|20)[0-9]{2}([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])"
        r"|(?:0?[1-9]|[12][0-9]|3[01])([-./])(?:0?[1-9]|1[0-2])\2(?:19|20)?[0-9]{2}(?![0-9]|[-.][0-9]{2})"
        r"|(?:0?[1-9]|1[0-2])([-./])(?:0?[1-9]|[12][0-9]|3[01])\3(?:19|20)[0-9]{2}(?![0-9]))"
    )


@cache
def border() -> re.Pattern[str]:
    """Where a run of digits that begins with something else may go on as a number."""
    return re.compile(
        r"\t| (?=\()|(?<![0-9])(?:19|20)[0-9]{2}([-./])[0-9]{2}\1[0-9]{2} |(?<![0-9])[0-9]{2}([-./])[0-9]{2}\2(?:19|20)[0-9]{2} "
    )


@cache
def of_a_social_number() -> re.Pattern[str]:
    """Three, two and four digits."""
    return re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")


@cache
def years_or_postcode() -> re.Pattern[str]:
    """Spans of years, and postcodes of nine digits."""
    return re.compile(r"(?:19|20)[0-9]{2} ?[-/\u2013] ?(?:19|20)[0-9]{2}|[0-9]{5}-[0-9]{4}")


@cache
def postcode_of_a_town() -> re.Pattern[str]:
    """Portuguese and Polish ones at the beginning of a line."""
    return re.compile(r"(?:(?<=\n)|(?<=\A)|(?<=, ))(?:[0-9]{4}-[0-9]{3}|[0-9]{2}-[0-9]{3}) [A-Z\u00c0-\u017f]")


@cache
def north_american() -> re.Pattern[str]:
    """Area, exchange and line, in ranges that the North American plan gives out."""
    return re.compile(
        r"(?:(?:00)?1[-. ]{1,2})?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-.]|[2-9][0-9]{2}\) ?)[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9])"
    )


@cache
def trunk() -> re.Pattern[str]:
    """Numbers with the prefix for calls within a country."""
    # A leading zero, nine to eleven digits in two to five groups.
    return re.compile("0[1-9][0-9]{0,3}\\)?[ \u00a0/.-]{1,2}[0-9]{2,8}(?:[ \u00a0.-][0-9]{2,6}){0,4}+(?![0-9])")


@cache
def bracketed() -> re.Pattern[str]:
    """Numbers with brackets or an extension."""
    # An area code in brackets, or three groups of a North American number whatever its digits, with an extension.
    return re.compile(
        r"8 ?\([0-9]{3}\) ?[0-9]{3}[- ][0-9]{2}[- ]?[0-9]{2}(?![0-9])"
        r"|\(0[0-9]{1,4}\)[ /-]{0,2}[0-9]{2,4}[ -]?[0-9]{2,5}(?:[ -][0-9]{2,4})?(?![0-9])"
        r"|\(0[0-9]{1,2}\) [0-9] [0-9]{3} [0-9]{3,4}(?![0-9])"
        r"|\([1-9][0-9]\) ?[0-9]{3,5}[- ][0-9]{2,4}(?:[- ][0-9]{2,4})?(?![0-9])"
        r"|\([0-9]{3}\) ?[0-9]{3}[-. ][0-9]{4}(?![0-9])"
        r"|[0-9]{3}[-. ][0-9]{3}[-. ][0-9]{4}(?= ?(?:x|ext\.? ?)[0-9]{2,6}(?![0-9A-Za-z]))"
    )


@cache
def directly() -> re.Pattern[str]:
    """A request to call, at the end of what stands in front."""
    return re.compile(DIRECTLY)


@cache
def given() -> re.Pattern[str]:
    """What follows a number that somebody gives."""
    return re.compile(GIVEN)


@cache
def label() -> re.Pattern[str]:
    """One letter that says whose or what number it is."""
    return re.compile(LABEL)


@cache
def address_before() -> re.Pattern[str]:
    """An e-mail address in front."""
    # Whoever gives an e-mail address gives a phone number next.
    return re.compile(r"@[a-z0-9.-]{1,40}\.[a-z]{2,8}>?(?:,? |,|\s?[|/;]\s?|\n)$")


@cache
def address_after() -> re.Pattern[str]:
    """An e-mail or web address behind."""
    return re.compile(r"(?:, ?| ?\| ?|; ?|\n)(?:[\w.+-]{1,40}@[\w-]|www\.)")


@cache
def extension() -> re.Pattern[str]:
    """The extension behind a number."""
    return re.compile(
        r"[ ,]{0,2}(?:x|ext\.?|extension|Ext\.?|EXT|#|Durchwahl|poste)[ .:]{0,2}[0-9]{1,6}(?![0-9A-Za-z@_])"
    )
