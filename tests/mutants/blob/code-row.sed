# file: blob/code.c
# a piece is made with the wrong coefficients
# killed by: test_blob_code
s/gf_mul(of_data\[i\], inverse\[(size_t)i \* k + j\])/gf_mul(of_data[i], inverse[(size_t)j * k + i])/
