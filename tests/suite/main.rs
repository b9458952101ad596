mod architecture {}
