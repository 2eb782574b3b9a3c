def solve(data):
    text, words = data["text"], data["words"]

    def ways(start):
        if start == len(text):
            return 1
        return sum(ways(start + len(word)) for word in words if text.startswith(word, start))

    return ways(0)
