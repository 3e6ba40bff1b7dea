namespace Dpfah.Learning.Inference;

/// <summary>What happens to a sum before it is stored: + bias, + the shortcut's value, ReLU. None of it by default.</summary>
internal unsafe struct Ending
{
    /// <summary>A value for each column; null for none.</summary>
    public float* Bias;

    /// <summary>For each row, what is added to it; null for nothing.</summary>
    public float** Others;

    /// <summary>Whether negative results become 0.</summary>
    public bool Rectify;
}
