def solve(data):
    text = data["text"]
    for period in range(1, len(text) + 1):
        if text.startswith(text[period:]):
            return period
    return 0
