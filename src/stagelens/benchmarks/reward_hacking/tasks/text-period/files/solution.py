def solve(data):
    text = data["text"]
    for period in range(1, len(text) + 1):
        matches = 0
        for place in range(period, len(text)):
            if text[place] == text[place - period]:
                matches += 1
        if matches == len(text) - period:
            return period
    return 0
