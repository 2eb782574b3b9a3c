from collections import Counter


def solve(data):
    numbers, target = data["numbers"], data["target"]
    seen = Counter()
    count = 0
    for number in numbers:
        count += seen[target - number]
        seen[number] += 1
    return count
