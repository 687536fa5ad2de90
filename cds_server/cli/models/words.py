"""What the commands under `titrate models` say alike."""

# each solver is compiled when the first model asks for it: no dose is searched here, so nothing else has to be warm
PREPARING = "Preparing the numerical kernels (compiled once, then cached) ..."
