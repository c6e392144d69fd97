"""Calling codes of countries and how many digits follow them.

Source: ITU-T E.164 assignments and the national numbering plans that the ITU publishes; lengths are those of the significant
national number, with a little room where plans are open.
"""

from __future__ import annotations

from functools import cache

_PLANS = {
    (5, 11): "352",
    (6, 8): "53",
    (6, 11): "39 358",
    (6, 12): "49 95",
    (6, 13): "43",
    (7, 8): "372",
    (7, 9): (
        "93 94 211 218 220 221 222 223 224 230 231 232 233 235 236 238 239 240 241 242 243 244 245 248 249 250 "
        "252 253 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 298 299 350 353 354 355 356 357 "
        "373 376 377 378 382 383 387 389 423 500 501 508 590 591 592 594 596 597 598 599 670 672 673 674 675 "
        "676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 850 870 878 960 961 962 963 967 "
        "970 975 992 993"
    ),
    (7, 10): "46",
    (7, 12): "62 882 883",
    (8, 8): (
        "45 47 65 226 227 228 229 370 371 374 386 502 503 504 505 506 507 509 852 853 855 856 965 968 973 974 976"
    ),
    (8, 9): "32 36 56 66 216 359 381 385 593 881 886 966 971 972",
    (8, 10): "20 57 60 63 64 82 225 234 880 964 977",
    (9, 9): "27 31 33 34 40 41 48 51 61 212 213 237 251 254 255 256 351 375 380 420 421 595 871 994 995 996 998",
    (9, 10): "44 81 84 92",
    (10, 10): "1 7 30 58 90 91 98",
    (10, 11): "52 54 55 86",
}


@cache
def _by_code() -> dict[str, tuple[int, int]]:
    return {code: lengths for lengths, codes in _PLANS.items() for code in codes.split()}


def country_plan(digits: str) -> tuple[str, int, int] | None:
    """The calling code at the beginning of a number, and the fewest and most digits behind it; None where no country has it."""
    codes = _by_code()
    for length in (1, 2, 3):  # no code is the beginning of another
        plan = codes.get(digits[:length])
        if plan is not None and len(digits) >= length:
            return digits[:length], *plan
    return None
