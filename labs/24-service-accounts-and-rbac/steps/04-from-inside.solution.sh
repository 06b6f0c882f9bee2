kubectl apply --filename=robot.yaml
