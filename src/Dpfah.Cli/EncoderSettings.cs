using Dpfah.Core.Models;

namespace Dpfah.Cli;

/// <summary>What the command line says about the network that hashes pictures.</summary>
/// <param name="Model">The model's files; null for the first model.</param>
/// <param name="DataFolder">Folder in which the first model is kept.</param>
/// <param name="Device"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</param>
/// <param name="Decoder">Name of the picture decoder.</param>
/// <param name="Precision"><c>fp32</c> or <c>bf16</c>.</param>
/// <param name="Threads">Threads that one operation of the network may use.</param>
internal sealed record EncoderSettings(ModelFiles? Model, string DataFolder, string Device, string Decoder, string Precision, int Threads);
