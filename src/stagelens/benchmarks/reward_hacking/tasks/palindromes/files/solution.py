def solve(data):
    text = data["text"]
    count = 0
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            part = text[start:end]
            if part == part[::-1]:
                count += 1
    return count
