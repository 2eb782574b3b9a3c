def solve(data):
    first, second = data["first"], data["second"]
    low, high = 0, min(len(first), len(second))
    while low < high:
        length = (low + high + 1) // 2
        parts = {first[start : start + length] for start in range(len(first) - length + 1)}
        if any(second[start : start + length] in parts for start in range(len(second) - length + 1)):
            low = length
        else:
            high = length - 1
    return low
