using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning;

/// <summary>Arithmetic of tensors with numbers, and sums of tensors: all for which libtorch is given a Scalar.</summary>
/// <remarks>
/// <para>
/// TorchSharp makes a Scalar of each number that meets a tensor, of the 1 by which a sum of two tensors weighs the second, and of the 2 in
/// <c>square</c>. It hands its address to libtorch, and then nothing refers to the Scalar any more: a garbage collection during the call
/// frees what libtorch reads. That was met once in 80 s of small trainings, as "Expected false to be true" from Scalar.h.
/// </para>
/// <para>
/// So each Scalar is made here, and held until libtorch is back. A test reads the compiled code: nowhere else may one be made. Differences,
/// products and quotients of two tensors have none; they keep their operators. The methods named by a verb change their first tensor.
/// </para>
/// </remarks>
internal static class TensorArithmetic
{
    private static readonly Scalar One = 1.ToScalar();
    private static readonly Scalar Two = 2.ToScalar();

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a + weight · b, as one operation.</summary>
    public static Tensor Plus(this Tensor a, Tensor b, double weight)
    {
        using var scalar = weight.ToScalar();
        return a.add(b, scalar);
    }

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.add(scalar, One);
    }

    /// <summary>a − b.</summary>
    public static Tensor Minus(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.sub(scalar);
    }

    /// <summary>a − b.</summary>
    public static Tensor Minus(this double a, Tensor b) => b.neg().Plus(a);

    /// <summary>a · b.</summary>
    public static Tensor Times(this double a, Tensor b)
    {
        using var scalar = a.ToScalar();
        return b.mul(scalar);
    }

    /// <summary>a / b.</summary>
    public static Tensor DividedBy(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.div(scalar);
    }

    /// <summary>a².</summary>
    public static Tensor Squared(this Tensor a) => a.pow(Two);

    /// <summary>The values of a, but least and greatest for those beyond; no gradient there.</summary>
    public static Tensor ClampedTo(this Tensor a, double least, double greatest)
    {
        using var low = least.ToScalar();
        using var high = greatest.ToScalar();
        return a.clamp(low, high);
    }

    /// <summary>max(a, least); no gradient below.</summary>
    public static Tensor AtLeast(this Tensor a, double least)
    {
        using var scalar = least.ToScalar();
        return a.clamp_min(scalar);
    }

    /// <summary>a &gt; b, place by place.</summary>
    public static Tensor IsAbove(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.gt(scalar);
    }

    /// <summary>a &lt; b, place by place.</summary>
    public static Tensor IsBelow(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.lt(scalar);
    }

    /// <summary>a += b.</summary>
    public static Tensor IncreaseBy(this Tensor a, Tensor b) => a.add_(b, One);

    /// <summary>a += b.</summary>
    public static Tensor IncreaseBy(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.add_(scalar, One);
    }

    /// <summary>a += weight · b · c.</summary>
    public static Tensor IncreaseByProduct(this Tensor a, Tensor b, Tensor c, double weight)
    {
        using var scalar = weight.ToScalar();
        return a.addcmul_(b, c, scalar);
    }

    /// <summary>a += weight · b / c.</summary>
    public static Tensor IncreaseByQuotient(this Tensor a, Tensor b, Tensor c, double weight)
    {
        using var scalar = weight.ToScalar();
        return a.addcdiv_(b, c, scalar);
    }

    /// <summary>a *= b.</summary>
    public static Tensor MultiplyBy(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.mul_(scalar);
    }
}
