"""The words around a phone number: those that announce one, and those that announce some other number."""

from __future__ import annotations

PHONE_WORDS = (
    r"phones?|telephones?|tele?|tel(?:\.|no|nr)?|mobiles?|cells?|cellphones?|cellular|fax(?:es)?|"
    r"faxnumber|sms|whats[ _]?app|telegram|viber|msisdn|twilio|nexmo|vonage|plivo|messagebird|phonenumbers|libphonenumber|e\.?164|"
    r"landline|hotline|helpline|callback|pager|phonenumber|phoneno|mobileno|fon|telefon|telefone|tel[eé]fono|telefono|telefoon|"
    r"telefonnummer|"
    r"handy|handynummer|mobil|mobilnummer|rufnummer|durchwahl|t[eé]l[eé]phone|t[eé]l|portable|m[oó]vil|celular|cellulare|telem[oó]vel|"
    r"gsm|puhelin|puh|matkapuhelin|tlf|mobiltelefon|telefonszám"
)
CALL_WORDS = (
    r"call(?:s|ed|ing)?|dial(?:s|ed|ing)?|ring|rang|text(?:s|ed|ing)?|reach(?:ed|able)?|contact|answer(?:s|ed|ing)?|messages?|voicemail|"
    r"office|desk|direct|extension|emergency|pick(?:s|ed|ing)? (?:it )?up|"
    r"(?:my|your|his|her|their|our) (?:new |old |work |home |office )?numbers?|"
    r"numbers? (?:is|are)|phone me|anrufen|ruf|rufen|appelez|appeler|llama|llame|llamar|chiama|chiamare|bel|ligue"
)
NOT_PHONE = (
    r"orders?|order ?no|isbn|issn|sku|parts?|serial|ref|reference|ticket|invoices?|case|model|build|tracking|ids?|version|timestamp|"
    r"ts|port|pid|uuid|zip|postcode|line|lines|column|page|pages|size|bytes|offset|commit|rfc|pr|issue|index|count|total|amount|price|"
    r"account|acct|card|iban|ssn|routing|passport|licen[cs]e|dob|birth|born|date|sleep|range|rows?"
)
# What stands right in front of a number that somebody is to call, or right behind one that somebody gives.
DIRECTLY = (
    r"(?<![a-z])(?:(?:call(?:ed)?|dial|phone)(?: me| us| you| him| her| them)?(?: back)?(?: at| on)?|"
    r"(?:ring|text|reach|contact)(?: (?:me|us|you|him|her|them)(?: at| on)?| (?:at|on))|messages? (?:on|to)|"
    r"(?:my|your|his|her|their|our)(?: [a-z]{2,12})? numbers?(?: is)?|"
    r"(?:my|your|his|her|their|our)(?: [a-z]{2,12})? (?:cell|phone|mobile|tel|fax) is|mine is|numbers? (?:is|was|has changed to|"
    r"changed to)|my registered|"
    r"(?:desk|office|direct|home|work|tel|phone|mobile|fax)[.:])[:\s]{1,3}$"
)
GIVEN = (
    r"\)? (?:is|still) (?:my|the|his|her|our|your)(?: new| old| work| home| cell| direct)? (?:number|phone|mobile|cell)"
)
LABEL = r"(?:^|[\s|,;(/])(?:T|M|F|P|C|D|H|O|Ph|Tel|Mob|Cell|Fax)[:.] ?$"
AFTER_WORDS = r"as call back|office|fax|mobile|cell|phone|tel|desk|direct|home|work|handy|landline"
