kubectl set selector service api app=api,tier=backend
