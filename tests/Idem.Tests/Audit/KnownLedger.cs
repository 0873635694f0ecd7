// A ledger of two steps made by an independent program (verify_ledger.py accepts it with the genesis SHA-256("genesis")).

namespace Idem.Tests.Audit;

internal static class KnownLedger
{
    public const string Text =
        "{\"step\":0,\"loss\":3.25,\"loss_bits\":\"40500000\",\"grad_norm\":0.3333333333333333,\"grad_norm_bits\":\"3fd5555555555555\",\"lr\":0.0003,\"lr_bits\":\"3f33a92a30553261\",\"data_digest\":\"sha256:af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc\",\"prev\":\"sha256:aeebad4a796fcc2e15dc4c6061b45ed9b373f26adfc798ca7d2d8cc58182718e\",\"hash\":\"sha256:b734e4f0caf29a858690ac946bee3489e0316fb4687d700ee208a5db1a828c57\"}\n" +
        "{\"step\":1,\"loss\":1.625,\"loss_bits\":\"3fd00000\",\"grad_norm\":0.25,\"grad_norm_bits\":\"3fd0000000000000\",\"lr\":0.0003,\"lr_bits\":\"3f33a92a30553261\",\"val_loss\":0.1,\"val_loss_bits\":\"3dcccccd\",\"data_digest\":\"sha256:7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8\",\"params_digest\":\"sha256:a20b52fae57cc7a99c9651f1b573950fd211823e3ace3bb9c273c06430f24cd3\",\"optimizer_digest\":\"sha256:23732d00643137c9b14b11bdb90f47a8e97b4da42cdfc0887912f4ff732c689c\",\"prev\":\"sha256:b734e4f0caf29a858690ac946bee3489e0316fb4687d700ee208a5db1a828c57\",\"hash\":\"sha256:a2ca3541b252302a1bfe5393232a3e423a21c158fed7109fad67c28c921e4acc\"}\n";
}
