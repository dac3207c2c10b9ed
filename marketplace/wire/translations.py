"""What is wrong with a field, in Chinese: who sends a request here more often reads Chinese.

The validators speak English.  A message that stands in no row is passed on as it is: an English
reason is better than none.
"""

import re
from typing import Final

_ROWS: Final = (
    (r"Extra inputs are not permitted", "未知字段"),
    (r"Field required", "必填"),
    (r"Input should be a valid string", "应为文本"),
    (r"Input should be a valid (list|tuple|array)", "应为列表"),
    (r"Input should be a valid (dictionary|object).*", "应为对象"),
    (r"Input should be an object", "应为对象"),
    (r"Input should be a valid integer.*", "应为整数"),
    (r"Input should be a valid boolean.*", "应为 true 或 false"),
    (r"Input should be a valid UUID.*", "应为 UUID"),
    (r"Input should be a valid date.*", "应为日期,如 2026-03-02"),
    (r"Input should have timezone info", "时间须带时区,如 2026-03-02T09:00:00+08:00"),
    (r"Input should be greater than or equal to (.+)", r"不得小于 \1"),
    (r"Input should be greater than (.+)", r"须大于 \1"),
    (r"Input should be less than or equal to (.+)", r"不得大于 \1"),
    (r"Input should be less than (.+)", r"须小于 \1"),
    (r"Input should be ([^、]+)", r"应为 \1"),
    (r"Input should be (.+)", r"应为其中之一:\1"),
    (r"String should have at least (\d+) characters?", r"至少 \1 个字符"),
    (r"String should have at most (\d+) characters?", r"最多 \1 个字符"),
    (r"String should match pattern (.+)", r"格式应符合 \1"),
    (r"\w+ should have at least (\d+) items?.*", r"至少 \1 项"),
    (r"\w+ should have at most (\d+) items?.*", r"最多 \1 项"),
    (
        r"must be a whole number written without quotes, point or exponent",
        "应为整数,不加引号、小数点或指数",
    ),
    (r'must be a decimal number written as text, like "87.50"', '应为写成文本的小数,如 "87.50"'),
    (r"must be a finite number of ordinary size", "应为大小正常的有限数"),
    (
        r"must be a time written as text, like (.+)",
        r"应为写成文本的时间,如 \1",
    ),
    (r"must be a time between the years 1900 and 2999", "时间应在 1900 年至 2999 年之间"),
    # Parameters of the address are judged by another validator than bodies.
    (r"Expected `(?:int|float)` <= (.+)", r"不得大于 \1"),
    (r"Expected `(?:int|float)` >= (.+)", r"不得小于 \1"),
    (r"Expected `str` of length <= (\d+)", r"最多 \1 个字符"),
    (r"Expected `str` of length >= (\d+)", r"至少 \1 个字符"),
    (r"Expected `array` of length <= (\d+)", r"最多 \1 项"),
    (r"Expected `int(?: \| null)?`, got `.+`", "应为整数"),
    (r"Expected `bool(?: \| null)?`, got `.+`", "应为 true 或 false"),
    (r"Invalid UUID", "应为 UUID"),
    (r"Invalid enum value '(.+)'", r"不是可选的值:\1"),
    (r"Invalid RFC3339 encoded datetime", "应为带时区的时间,如 2026-03-02T09:00:00+08:00"),
    (r"text may not contain NUL or unpaired surrogates", "文本不得含 NUL 或不成对的代理字符"),
)
_COMPILED: Final = tuple((re.compile(pattern), chinese) for pattern, chinese in _ROWS)
_BETWEEN_VALUES: Final = re.compile(r"(?<=')(?:, | or )(?=')")
_PREFIX: Final = "Value error, "


def field_message(message: str, *, english: bool) -> str:
    """Say what is wrong with a field in the language of the reader.

    >>> field_message("Field required", english=False)
    '必填'
    >>> field_message("Value error, must be odd", english=False)
    'must be odd'
    >>> field_message("Input should be 'a', 'b' or 'c'", english=False)
    "应为其中之一:'a'、'b'、'c'"
    """
    plain = message.removeprefix(_PREFIX)
    if english:
        return plain
    listed = _BETWEEN_VALUES.sub("、", plain)
    for pattern, chinese in _COMPILED:
        found = pattern.fullmatch(listed)
        if found is not None:
            return found.expand(chinese)
    return plain
