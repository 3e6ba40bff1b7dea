namespace Dpfah.Core.Imaging;

/// <summary>Bits of a picture's code, by how they agree with the code of another picture.</summary>
public enum BitGroup
{
    /// <summary>Those that both codes have alike.</summary>
    Shared,

    /// <summary>Those in which the codes differ.</summary>
    Differing,

    /// <summary>All of them.</summary>
    All,
}
