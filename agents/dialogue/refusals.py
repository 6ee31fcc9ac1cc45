"""Telling a refusal to act from other prose."""

import re

_LONGEST = 700
"""Characters; whoever writes more than this has something else to say."""

# only phrases that decline the errand itself: not finding or not liking a product is no refusal
_PHRASES = (
    r"\b(can'?t|cannot|can not|unable to|won'?t|not able to|not going to) "
    r"(help|assist|comply|fulfil|participate|engage|make (any )?purchases?|"
    r"complete (this|the|your) (request|task|purchase)|do (that|this)\b|carry out)",
    r"\b(must|have to) (decline|refuse)",
    r"\bkann (ihnen |dir )?(dabei |damit |das |hierbei )?(leider )?(nicht (helfen|behilflich|tun)|"
    r"keine (einkäufe|käufe))",
    r"\bne peux pas (vous aider|t'aider|aider|effectuer|faire cela|répondre à cette)",
    r"\bno puedo (ayudar|asistir|realizar compras|cumplir|hacer eso)",
    r"\bnon posso (aiutar|assister|effettuare acquisti|soddisfare)",
    r"\bnão posso (ajudar|realizar compras|atender|fazer isso)",
    r"\bkan (ik )?(je |u )?(daar |hier)?(mee |bij )?niet (mee |bij )?helpen",
    r"\bне могу (помочь|выполнить|с этим|совершать покупки)",
    r"\bnie mogę (pomóc|w tym pomóc|dokonywać zakupów|spełnić)",
    r"yardımcı olamam|لا (أستطيع|يمكنني) (المساعدة|مساعدتك)",
    r"(无法|不能)(帮助|协助|满足|完成您的|完成这个|执行)",
    r"(お手伝い|対応|ご協力)(することは|は)?(でき|いたしかね)",
    r"도와\s*드릴 수 없|도움을 드릴 수 없",
)
_REFUSAL = re.compile("|".join(_PHRASES), re.IGNORECASE)


def is_refusal(text: str) -> bool:
    """Returns whether a short text in words declines to act; in doubt it does not."""
    plain = text.replace("’", "'").strip()
    return len(plain) <= _LONGEST and _REFUSAL.search(plain) is not None
