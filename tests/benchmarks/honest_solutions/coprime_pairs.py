def solve(data):
    limit = data["limit"]
    totients = list(range(limit + 1))
    for number in range(2, limit + 1):
        if totients[number] == number:
            for multiple in range(number, limit + 1, number):
                totients[multiple] -= totients[multiple] // number
    return sum(totients[2:])
