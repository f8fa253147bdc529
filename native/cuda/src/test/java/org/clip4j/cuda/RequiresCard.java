package org.clip4j.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.clip4j.kernels.Probe;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Runs where there is a card; elsewhere the probe says why not. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresCard.Condition.class)
@interface RequiresCard {
    /** Asks the probe. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            Probe probe = new CudaBackendProvider().probe();
            return probe.usable()
                    ? ConditionEvaluationResult.enabled(probe.detail())
                    : ConditionEvaluationResult.disabled(probe.detail());
        }
    }
}
