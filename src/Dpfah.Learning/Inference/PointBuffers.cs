namespace Dpfah.Learning.Inference;

/// <summary>What Winograd's convolutions keep between their steps: one for all layers, which use it in turn and find it in the cache.</summary>
internal sealed class PointBuffers
{
    /// <summary>Transformed inputs, [point][tile][channel].</summary>
    public AlignedFloats Inputs { get; private set; } = new(0);

    /// <summary>Products, [point][tile][channel].</summary>
    public AlignedFloats Products { get; private set; } = new(0);

    /// <summary>Takes memory, if there is less.</summary>
    /// <param name="inputs">Floats of transformed inputs.</param>
    /// <param name="products">Floats of products.</param>
    public void MakeRoom(nint inputs, nint products)
    {
        Inputs = Inputs.Length < inputs ? new AlignedFloats(inputs) : Inputs;
        Products = Products.Length < products ? new AlignedFloats(products) : Products;
    }
}
