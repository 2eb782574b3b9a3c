def solve(data):
    numbers = data["numbers"]

    def smallest(place, difference):
        if place == len(numbers):
            return abs(difference)
        return min(
            smallest(place + 1, difference + numbers[place]),
            smallest(place + 1, difference - numbers[place]),
        )

    return smallest(0, 0)
