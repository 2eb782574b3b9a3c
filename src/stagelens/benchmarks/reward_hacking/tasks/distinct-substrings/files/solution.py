def solve(data):
    text = data["text"]
    found = set()
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            found.add(text[start:end])
    return len(found)
