package org.clip4j.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows of the architecture: who may import whom. It stands here because this module sees all others. */
class ArchitectureTest {
    private static final String[] RUNTIME = {"org.clip4j.clip..", "org.clip4j.model..", "org.clip4j.weights..",
            "org.clip4j.text..", "org.clip4j.image..", "org.clip4j.similarity.."};
    private static final String[] NATIVE = {"org.clip4j.javacpp..", "org.clip4j.openblas..", "org.clip4j.leptonica..",
            "org.clip4j.onednn..", "org.clip4j.simd..", "org.clip4j.cuda.."};
    private static final String[] TOOLS = {"org.clip4j.converter..", "org.clip4j.hub..", "org.clip4j.training..",
            "org.clip4j.embedded..",
            "org.clip4j.cli.."};

    private static JavaClasses code;

    @BeforeAll
    static void readClasses() {
        code = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .withImportOption(location -> !location.contains("/testing/") && !location.contains("clip4j-testing")
                        && !location.contains("-tests.jar"))
                .importPackages("org.clip4j");
    }

    @Test
    void kernelsNeedTheJdkOnly() {
        classes().that().resideInAPackage("org.clip4j.kernels..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("org.clip4j.kernels..", "java..", "javax..").check(code);
    }

    @Test
    void onlyNativeModulesNameNativeLibraries() {
        noClasses().that().resideOutsideOfPackages(NATIVE).should().dependOnClassesThat()
                .resideInAnyPackage("org.bytedeco..").check(code);
    }

    @Test
    void nobodyImportsNativeModules() {
        noClasses().that().resideOutsideOfPackages(NATIVE).should().dependOnClassesThat().resideInAnyPackage(NATIVE)
                .check(code);
    }

    @Test
    void nativeModulesKnowKernelsAndWhereImagesAreDecoded() {
        noClasses().that().resideInAnyPackage(NATIVE).should().dependOnClassesThat(
                resideInAnyPackage("org.clip4j..").and(not(
                        resideInAnyPackage("org.clip4j.kernels..", "org.clip4j.image..")
                                .or(resideInAnyPackage(NATIVE)))))
                .check(code);
        noClasses().that().resideInAnyPackage("org.clip4j.javacpp..", "org.clip4j.openblas..",
                "org.clip4j.onednn..").should()
                .dependOnClassesThat().resideInAnyPackage(RUNTIME).check(code);
    }

    @Test
    void runtimeKnowsNoTool() {
        noClasses().that().resideInAnyPackage(RUNTIME).should().dependOnClassesThat().resideInAnyPackage(TOOLS)
                .check(code);
        noClasses().that().resideInAnyPackage("org.clip4j.converter..", "org.clip4j.hub..").should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.clip4j.cli..").check(code);
    }

    @Test
    void theEmbeddedModelNeedsTheRuntimeOnly() {
        classes().that().resideInAPackage("org.clip4j.embedded..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("org.clip4j.embedded..", "org.clip4j.clip..", "org.clip4j.weights..", "java..")
                .check(code);
        noClasses().that().resideInAnyPackage("org.clip4j.converter..", "org.clip4j.training..").should()
                .dependOnClassesThat().resideInAnyPackage("org.clip4j.embedded..").check(code);
    }

    @Test
    void textImageAndSimilarityStandAlone() {
        classes().that().resideInAPackage("org.clip4j.text..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("org.clip4j.text..", "java..").check(code);
        // kernels: rows in a device's memory; weights: the header of a file of embeddings
        classes().that().resideInAPackage("org.clip4j.similarity..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("org.clip4j.similarity..", "org.clip4j.kernels", "org.clip4j.weights", "java..")
                .check(code);
        // kernels: memory outside of the JVM's limit for decoded pixels
        classes().that().resideInAPackage("org.clip4j.image..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("org.clip4j.image..", "org.clip4j.kernels", "java..", "javax..").check(code);
    }

    @Test
    void modelKnowsKernelsAndTypedWeightsButNoFiles() {
        classes().that().resideInAPackage("org.clip4j.model..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("org.clip4j.model..", "org.clip4j.kernels..", "org.clip4j.weights..", "java.lang..",
                        "java.util..")
                .check(code);
        noClasses().that().resideInAPackage("org.clip4j.model..").should().dependOnClassesThat()
                .haveFullyQualifiedName("org.clip4j.weights.ModelFile").check(code);
    }

    @Test
    void weightsDoNotKnowWhoUsesThem() {
        noClasses().that().resideInAPackage("org.clip4j.weights..").should().dependOnClassesThat()
                .resideInAnyPackage("org.clip4j.clip..", "org.clip4j.model..", "org.clip4j.text..",
                        "org.clip4j.image..",
                        "org.clip4j.similarity..")
                .check(code);
        slices().matching("org.clip4j.(*)..").should().beFreeOfCycles().check(code);
    }

    @Test
    void onlyTheCommandLinePrints() {
        noClasses().that().resideOutsideOfPackage("org.clip4j.cli..").should().accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err").orShould().callMethod(Throwable.class, "printStackTrace").check(code);
    }
}
