def solve(data):
    numbers, width = data["numbers"], data["width"]
    total = 0
    for start in range(len(numbers) - width + 1):
        greatest = numbers[start]
        for place in range(start + 1, start + width):
            if numbers[place] > greatest:
                greatest = numbers[place]
        total += greatest
    return total
