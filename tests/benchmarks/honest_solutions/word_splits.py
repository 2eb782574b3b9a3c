def solve(data):
    text, words = data["text"], data["words"]
    ways = [0] * len(text) + [1]
    for start in range(len(text) - 1, -1, -1):
        ways[start] = sum(ways[start + len(word)] for word in words if text.startswith(word, start))
    return ways[0]
