def solve(data):
    text = data["text"]
    best = 0
    for start in range(len(text)):
        depth = 0
        for end in range(start, len(text)):
            depth += 1 if text[end] == "(" else -1
            if depth < 0:
                break
            if depth == 0 and end - start + 1 > best:
                best = end - start + 1
    return best
