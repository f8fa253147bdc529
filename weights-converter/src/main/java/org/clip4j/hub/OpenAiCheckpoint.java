package org.clip4j.hub;

import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * A file that OpenAI published.
 *
 * @param name as openai/CLIP spells it, for example {@code ViT-L/14@336px}
 * @param file its name, for example {@code ViT-L-14-336px.pt}
 * @param sha256 of its bytes
 * @param vocabularyRepository of the Hugging Face hub: the file itself has no vocabulary
 */
record OpenAiCheckpoint(String name, String file, String sha256, String vocabularyRepository) {
    private static final String BASE_32 = "openai/clip-vit-base-patch32";

    /** openai/CLIP clip/clip.py: _MODELS. The ResNets, which the hub has not, share the others' vocabulary. */
    static final List<OpenAiCheckpoint> ALL = List.of(
            of("RN50", "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762", BASE_32),
            of("RN101", "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599", BASE_32),
            of("RN50x4", "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd", BASE_32),
            of("RN50x16", "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa", BASE_32),
            of("RN50x64", "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c", BASE_32),
            of("ViT-B/32", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", BASE_32),
            of("ViT-B/16", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
                    "openai/clip-vit-base-patch16"),
            of("ViT-L/14", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
                    "openai/clip-vit-large-patch14"),
            of("ViT-L/14@336px", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
                    "openai/clip-vit-large-patch14-336"));

    private static OpenAiCheckpoint of(String name, String sha256, String vocabularyRepository) {
        return new OpenAiCheckpoint(name, name.replace('/', '-').replace('@', '-') + ".pt", sha256,
                vocabularyRepository);
    }

    static Optional<OpenAiCheckpoint> named(List<OpenAiCheckpoint> known, String name) {
        return known.stream().filter(checkpoint -> checkpoint.name().equals(name)).findFirst();
    }

    /** Where OpenAI serves it. */
    URI address() {
        return URI.create("https://openaipublic.azureedge.net/clip/models/" + sha256 + "/" + file);
    }
}
