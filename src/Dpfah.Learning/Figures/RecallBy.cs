namespace Dpfah.Learning.Figures;

/// <summary>How the points of a precision-recall curve were found (method, section 7.3).</summary>
public enum RecallBy
{
    /// <summary>One point for each length of the ranked list.</summary>
    Rank,

    /// <summary>One point for each Hamming radius from 0 to the code length.</summary>
    Radius,
}
