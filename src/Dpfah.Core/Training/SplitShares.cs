namespace Dpfah.Core.Training;

/// <summary>Which shares of a collection's labelled pictures are kept from a training; the rest is trained on.</summary>
/// <param name="Query">Share that becomes queries, from 0 below 1.</param>
/// <param name="Database">Share that is searched in, from 0 below 1.</param>
/// <param name="Validation">Share that is measured on during the training, from 0 below 1.</param>
public sealed record SplitShares(double Query = 0.1, double Database = 0.2, double Validation = 0.1)
{
    /// <summary>What is wrong with the shares, as a sentence; null when nothing is.</summary>
    public string? Fault() => new[] { Query, Database, Validation }.All(share => share is >= 0 and < 1) && Query + Database + Validation <= 0.95
        ? null
        : $"The shares of a split are from 0 below 1 and leave at least 0.05 to train on; they are query {Query}, database {Database}, validation {Validation}.";
}
