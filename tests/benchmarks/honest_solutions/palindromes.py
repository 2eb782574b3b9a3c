def solve(data):
    text = data["text"]
    count = 0
    for centre in range(2 * len(text) - 1):
        low, high = centre // 2, (centre + 1) // 2
        while low >= 0 and high < len(text) and text[low] == text[high]:
            count += 1
            low -= 1
            high += 1
    return count
