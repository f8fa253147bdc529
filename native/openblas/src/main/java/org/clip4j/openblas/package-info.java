/** Matrix products through the OpenBLAS preset; the only package that names it. */
package org.clip4j.openblas;
