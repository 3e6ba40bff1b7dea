namespace Dpfah.Learning.Networks;

/// <summary>How the attention joins the network.</summary>
public enum AttentionMode
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>Z = X + A, the paper's network.</summary>
    Residual,

    /// <summary>Z = A alone.</summary>
    Only,
}

/// <summary>Open choices of the parameter-free attention; the defaults are those of every model that the service runs.</summary>
/// <param name="Mode">How it joins the network.</param>
/// <param name="DivideByM">Whether the variance is divided by M, as the paper's text has it, in place of M − 1, as SimAM's code.</param>
/// <param name="Lambda">λ of Eq. (5), above 0.</param>
public sealed record AttentionOptions(
    AttentionMode Mode = AttentionMode.Residual, bool DivideByM = false, double Lambda = ParameterFreeAttention.DefaultLambda)
{
    /// <summary>The paper's network.</summary>
    public static AttentionOptions Paper { get; } = new();

    /// <summary>No attention.</summary>
    public static AttentionOptions None { get; } = new(AttentionMode.Off);
}
