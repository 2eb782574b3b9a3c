def solve(data):
    numbers, target = data["numbers"], data["target"]

    def count(place, left):
        if place == len(numbers):
            return 1 if left == 0 else 0
        return count(place + 1, left) + count(place + 1, left - numbers[place])

    return count(0, target)
