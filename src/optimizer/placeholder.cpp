namespace mini_infer {}
