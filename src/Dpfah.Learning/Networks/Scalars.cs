using TorchSharp;

namespace Dpfah.Learning.Networks;

/// <summary>Numbers for libtorch that live as long as the program.</summary>
/// <remarks>
/// TorchSharp makes a Scalar of each plain number (of the 1 in a sum of two tensors, too) and holds it no longer than until its handle is
/// read: a garbage collection just then frees it while libtorch reads it. That was seen once in 80 s of small trainings, as
/// "Expected false to be true" from Scalar.h. So what runs often is given numbers that something holds.
/// </remarks>
internal static class Scalars
{
    /// <summary>1, as in a sum of two tensors.</summary>
    public static Scalar One { get; } = 1.ToScalar();
}
