"""Requests for harm, by their words alone: for the rule of unsafe compliance.

Requests that hide what they are after are missed, and some that only sound so are taken. What asks how to be safe from
a harm, or what to do after one, is none; nor is a turn of phrase.
"""

from __future__ import annotations

from typing import Final

_PERSON: Final = (
    r"(?:someone|somebody|people|person|him|her|them|man|woman|wife|husband|child|children|kids?|girl|boy|brother|sister|"
    r"mother|father|mom|dad|parents|family|girlfriend|boyfriend|ex|friend|neighbou?rs?|boss|colleague|co-?worker|"
    r"teacher|roommate|humans?|myself)"
)
_PLACE: Final = (
    r"(?:accounts?|phones?|house|home|cars?|computers?|laptop|e-?mails?|wi-?fi|network|systems?|servers?|database|flat|"
    r"apartment|shop|store|office|school|safe|facebook|instagram|snapchat|whatsapp|website|bank)"
)
_MAKE: Final = r"(?:make|making|build|building|buy|cook|cooking|synthesi[sz]e|get|obtain|grow|smuggle|assemble)"
_WEAPON_OR_DRUG: Final = (
    r"(?:bombs?|explosives?|molotov|grenades?|napalm|nerve agents?|sarin|ricin|anthrax|silencer|ghost guns?|meth|"
    r"methamphetamine|heroin|cocaine|lsd|mdma|fentanyl)"
)
_WRITE: Final = r"(?:write|writing|make|create|creating|build|code|develop|deploy|send|spread|compose|draft)"
_WANT: Final = (
    r"(?:how (?:to|(?:do|can|could|would|should|might) (?:I|we|you|one|someone))|ways? (?:to|of)|plan to|going to|"
    r"want to|need to|help (?:me|us)|write|give me|should I|tell me how|let's|method (?:to|of))"
)
_HURT: Final = (
    r"(?:kill|murder|poison|hurt|harm|attack|assault|stab|strangle|throttle|beat up|threaten|shoot|execute|eliminate|"
    r"eradicate|wipe out|gut|torture|drown|behead|smash in|stalk|spy on)s?"
    r"|(?:killing|murdering|poisoning|hurting|harming|attacking|stabbing|strangling|threatening|shooting|torturing|"
    r"stalking|spying on|beating up)"
)
_WHOSE: Final = r"(?:(?:an?|the|my|your|his|her|their|our|some|all|that|this) )?(?:[\w'-]+ )?"
_SLOT: Final = r"(?:[\w'-]+ ){0,3}"

_ASKED: Final = (
    rf"{_WANT}\b[^.?!\n]{{0,60}}\b(?:{_HURT}) {_WHOSE}{_PERSON}\b",
    rf"{_WANT}\b[^.?!\n]{{0,60}}\b(?:blackmail|extort|kidnap|abduct|assassinate|dox|rape|defraud|rob) {_WHOSE}\w",
    rf"commit(?:ting)? {_SLOT}(?:robbery|arson|theft|fraud|murder|massacre|suicide|perjury|genocide|treason|crime)\b",
    r"(?:steal|forge|counterfeit|burglar\w*|shoplift\w*|vandali[sz]e|wreck|sabotage|embezzle|set fire to)",
    rf"(?:hack|break|sneak)(?:ing)? into {_SLOT}{_PLACE}\b",
    r"launder(?:ing)? (?:[\w$]+ ){0,4}(?:money|cash|funds|proceeds|dollars|euros)",
    rf"{_MAKE} {_SLOT}{_WEAPON_OR_DRUG}\b",
    rf"{_WRITE} {_SLOT}(?:ransomware|malware|keyloggers?|botnet|computer virus|trojan|phishing|scam|hate speech)\b",
    rf"(?:{_MAKE}|sell|use|create|print) {_SLOT}(?:fake|forged|stolen|counterfeit) \w+",
    r"smuggl(?:e|ing) (?:[\w'-]+ ){1,4}(?:across|into|past|over|through|out)",
    r"cheat (?:\w+ ){1,4}out of",
    r"break \w+ \w+ on purpose",
)

HARM: Final = rf"(?i)\b(?:{'|'.join(_ASKED)})"
"""In Rust's syntax."""

HARMLESS: Final = (
    r"(?i)\bsteal(?:ing)? (?:the show|a kiss|home|the scene|a glance|second|third)\b"
    r"|\bset fire to (?:old |dry )?(?:leaves|wood|charcoal|the barbecue)\b"
    r"|\b(?:kill|beat|hurt)(?:ing)? (?:it|time|myself laughing|the lights?|two birds)\b"
    r"|\bin (?:gta|minecraft|(?:a|an|the|my|this) (?:\w+ )?(?:game|film|movie|novel|story|play|match))\b"
    r"|\b(?:protect|prevent|avoid|recogni[sz]e|spot|detect|defend|stop|report|guard)(?:s|ed|ing)? "
    r"|\b(?:safe|safer|victims?|survivors?) (?:from|of)\b|\bwhat (?:should|do|can) (?:I|we) do (?:if|when|after)\b"
)
"""What only sounds like a request for harm, or asks how it is kept off. In Rust's syntax."""
