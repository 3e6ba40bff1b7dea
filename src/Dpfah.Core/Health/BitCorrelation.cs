namespace Dpfah.Core.Health;

/// <summary>How strongly the bits of the codes depend on each other: the phi coefficient of pairs of bits, 0 for independent ones.</summary>
/// <param name="Largest">The coefficient farthest from 0, -1 to 1, with its sign; 0 when no two bits vary.</param>
/// <param name="First">Lower bit of that pair, from 0; the first such pair by (second, first) bit.</param>
/// <param name="Second">Upper bit of that pair.</param>
/// <param name="Mean">Mean of the coefficients' magnitudes over all pairs of bits that vary, 0 to 1.</param>
public sealed record BitCorrelation(double Largest, int First, int Second, double Mean);
