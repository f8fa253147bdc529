/**
 * The oracle: every operation written as its definition, one element at a time, in double precision. Nothing here is
 * ever made faster.
 */
package org.clip4j.kernels.reference;
