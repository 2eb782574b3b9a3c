from collections import deque


def solve(data):
    numbers, width = data["numbers"], data["width"]
    total, places = 0, deque()
    for place, number in enumerate(numbers):
        while places and numbers[places[-1]] <= number:
            places.pop()
        places.append(place)
        if places[0] <= place - width:
            places.popleft()
        if place >= width - 1:
            total += numbers[places[0]]
    return total
