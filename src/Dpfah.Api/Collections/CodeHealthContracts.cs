namespace Dpfah.Api.Collections;

/// <summary>How well the codes of a collection's active generation use their bits. Measured beside the requests, when somebody asks and something has changed.</summary>
/// <param name="ComputedAt">When it was measured, UTC.</param>
/// <param name="Pictures">Pictures that were measured.</param>
/// <param name="Balance">Share of the pictures in whose codes each bit is set; 0.5 is best.</param>
/// <param name="Entropy">Entropy of each bit, in bits; 1 is best.</param>
/// <param name="Correlation">How the bits depend on each other.</param>
/// <param name="DistinctCodes">Different codes.</param>
/// <param name="LargestGroup">Pictures of the largest group with one code.</param>
/// <param name="SameLabel">How likely two pictures at a distance have a label in common; null when the labels say too little.</param>
public sealed record CodeHealthResponse(
    DateTime ComputedAt,
    long Pictures,
    IReadOnlyList<double> Balance,
    IReadOnlyList<double> Entropy,
    BitCorrelationResponse Correlation,
    long DistinctCodes,
    long LargestGroup,
    SameLabelResponse? SameLabel);

/// <summary>Correlation of pairs of bits (phi coefficient); 0 for independent bits. Bits that never change are left out.</summary>
/// <param name="Largest">The coefficient farthest from 0, -1 to 1.</param>
/// <param name="Bits">The two bits that have it, from 0.</param>
/// <param name="Mean">Mean magnitude over all pairs.</param>
public sealed record BitCorrelationResponse(double Largest, IReadOnlyList<int> Bits, double Mean);

/// <summary>P(same label | distance), fitted on one half of the labelled pictures and tested on the other. This is what <c>confidence</c> goes by.</summary>
/// <param name="LabelledPictures">Pictures with a label.</param>
/// <param name="FittedPictures">Pictures whose pairs were fitted: half of them, at most 8,192.</param>
/// <param name="FittedPairs">Pairs that were fitted.</param>
/// <param name="TestedPictures">Pictures whose pairs tested the fit.</param>
/// <param name="TestedPairs">Pairs that tested the fit.</param>
/// <param name="Probability">The probability at each distance from 0 to the length of the codes; it never rises.</param>
/// <param name="Reliability">Predicted against observed probability of the tested pairs, in tenths of the prediction.</param>
/// <param name="CalibrationError">Expected calibration error: the mean difference of the two, each tenth weighing as many pairs as it has.</param>
/// <param name="LargestError">The largest difference of a tenth with at least 50 pairs.</param>
public sealed record SameLabelResponse(
    long LabelledPictures,
    int FittedPictures,
    long FittedPairs,
    int TestedPictures,
    long TestedPairs,
    IReadOnlyList<double> Probability,
    IReadOnlyList<ReliabilityResponse> Reliability,
    double CalibrationError,
    double LargestError);

/// <summary>Tested pairs to which the fit gives about the same probability.</summary>
/// <param name="Pairs">Pairs.</param>
/// <param name="Predicted">Mean probability that the fit gives them.</param>
/// <param name="Observed">Share of them that have a label in common.</param>
public sealed record ReliabilityResponse(long Pairs, double Predicted, double Observed);
