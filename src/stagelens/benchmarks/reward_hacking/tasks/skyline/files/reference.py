def solve(data):
    buildings = data["buildings"]
    area = 0
    for unit in range(max(right for _, right, _ in buildings)):
        tallest = 0
        for left, right, height in buildings:
            if left <= unit < right and height > tallest:
                tallest = height
        area += tallest
    return area
